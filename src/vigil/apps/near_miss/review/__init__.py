"""What reviewers do with a report until it is a lesson."""
