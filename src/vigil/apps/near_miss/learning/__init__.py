"""What published lessons teach together: tables with small numbers hidden, lessons like this one, links."""
