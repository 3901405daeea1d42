"""What was found in a file, on paper: a web page, a PDF, the spreadsheet with its cells marked, SARIF for machines."""
