"""Personal data: found, decided upon by a person, taken out; only what went through here may be published."""
