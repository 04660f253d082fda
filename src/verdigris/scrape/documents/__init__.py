"""Documents: prose by heading, notebooks, PDF files, web pages."""
