"""The only place that speaks to other providers: discovery, keys, codes, tokens, within bounds of time and size."""
