"""The MCP server: what agents that speak the Model Context Protocol see of a desk and may do with it."""
