"""Encore runs service contracts of karaoke venues: what a contract promises becomes clocks that somebody sees."""
