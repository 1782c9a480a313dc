-- For wrk: the form that Cloud Shell's token endpoint takes.
wrk.method = "POST"
wrk.headers["Metadata"] = "true"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "resource=https%3A%2F%2Fvault.azure.net"
