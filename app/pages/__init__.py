"""HTML over the services: one module a feature, with its templates in a folder of the same name.

No rule of the domain lives here; REST is in ``app.api``, and neither imports the other.
"""
