# /// script
# requires-python = ">=3.10"
# dependencies = ["six==1.16.0"]
# ///
"""A script as Garden's users write them; its header declares the environment."""
