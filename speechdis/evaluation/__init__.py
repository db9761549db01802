"""What is done with frames after training: verification, probes, attackers."""
