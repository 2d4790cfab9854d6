"""Any folder of Markdown read as Obsidian reads it: pages, links, headings, blocks; nothing is written into it."""
