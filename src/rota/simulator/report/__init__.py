"""Results for people: Markdown, or one HTML file with pictures as inline SVG."""
