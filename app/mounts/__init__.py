"""Other people's web pages on the app's own port: optuna-dashboard under /optuna, TensorBoard under /tensorboard."""
