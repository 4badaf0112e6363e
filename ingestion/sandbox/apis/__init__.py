"""Local stand-ins of the systems' own APIs, over what the simulated company's systems hold."""
