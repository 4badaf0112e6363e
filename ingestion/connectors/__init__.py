"""Systems that are read over their own APIs: one package for each, HTTP and its errors beside."""
