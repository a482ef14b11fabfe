"""What comes of a lesson: recommendations, how they ended, and the answer to the reporter."""
