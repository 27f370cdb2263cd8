"""Building and training networks. The only package that imports TensorFlow and Keras; workers import it."""
