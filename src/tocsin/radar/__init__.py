"""What a radar can detect: detection theory, the radar equation, coverage."""
