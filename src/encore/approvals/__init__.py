"""What somebody has to agree to before it is done: who is asked, who decides, and who stands in for them."""
