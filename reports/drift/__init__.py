"""What differs: from the reviewed baseline, between two results, and from what pre-releases will bring."""
