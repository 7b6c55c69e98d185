"""REST over the services, described by OpenAPI 3.1: one module a resource.

The only folder that knows flask-openapi, so that it can be replaced in a day.  Nothing here renders a page.
"""
