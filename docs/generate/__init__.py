"""What the documentation shows and does not repeat: tables and figures made from the code, pictures from real runs."""
