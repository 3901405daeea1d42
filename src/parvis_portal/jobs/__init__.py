"""Work done outside of the web: what is asked, how far it is, who does it."""
