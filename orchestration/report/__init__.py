"""The report: a static site made from a publication, for the heads of both teams."""
