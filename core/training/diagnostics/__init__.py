"""What is measured on one trained network after its training, one file per measurement."""
