"""What is trained to listen: speaker networks, phone recognisers, attackers, judges of digits and of swaps."""
