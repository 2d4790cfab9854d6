"""Answers: what a desk says to a question, each statement with the claim or the words that it rests on."""
