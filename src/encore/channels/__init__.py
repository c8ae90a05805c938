"""What the product tells people: inside, on one list, and outside, by messages; and what they send back."""
