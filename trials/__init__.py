"""What is run by hand, on the real stack: nginx and replicas as deploy/ has them."""
