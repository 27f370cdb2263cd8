"""The door of the web app: who may come in, by a shared password or by OpenID Connect, and what browsers may do."""
