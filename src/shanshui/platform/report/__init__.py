"""Reports: figures as Vega-Lite specs drawn to SVG without a browser, and HTML pages."""
