"""The search of the frame: one page over what the apps find (`vigil.web.finding`)."""
