//! Redirects: a URL made of parts of the request's and of what the action gives.
//!
//! API reference, `RedirectActionConfig`.

use serde::Serialize;
use serde_json::{Value, json};

use super::actions::{OfHttps, refused};
use super::{invalid, required};
use crate::call::Fault;
use crate::protocol::query;

/// Where a redirect goes; parts that stay as they are stand as keywords such as `#{host}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Redirect {
    status: u16,
    protocol: String,
    host: String,
    port: String,
    path: String,
    query: String,
}

/// The parts of a request's URL.
pub(super) struct Parts<'a> {
    pub(super) protocol: &'a str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
}

impl Redirect {
    pub(super) fn read(configuration: &Value, https: OfHttps) -> Result<Self, Fault> {
        let part = |member: &str, same: &str| query::text(configuration, member).unwrap_or(same).to_owned();
        let status = match required(configuration, "StatusCode")? {
            "HTTP_301" => 301,
            "HTTP_302" => 302,
            other => return Err(invalid(format!("The redirect status code '{other}' must be HTTP_301 or HTTP_302"))),
        };
        let redirect = Self {
            status,
            protocol: part("Protocol", "#{protocol}"),
            host: part("Host", "#{host}"),
            port: part("Port", "#{port}"),
            path: part("Path", "/#{path}"),
            query: part("Query", "#{query}"),
        };
        redirect.check(https)?;
        Ok(redirect)
    }

    fn check(&self, https: OfHttps) -> Result<(), Fault> {
        if !["HTTP", "HTTPS", "#{protocol}"].contains(&self.protocol.as_str()) {
            return Err(invalid(format!(
                "The redirect protocol '{}' must be HTTP, HTTPS or #{{protocol}}",
                self.protocol
            )));
        }
        if self.port != "#{port}" && !self.port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(invalid(format!("The redirect port '{}' must be from 1 to 65535 or #{{port}}", self.port)));
        }
        if !self.path.starts_with('/') {
            return Err(invalid(format!("The redirect path '{}' must start with '/'", self.path)));
        }
        if [&self.host, &self.path, &self.query].iter().any(|part| part.chars().count() > 128) {
            return Err(invalid("The parts of a redirect can have at most 128 characters"));
        }
        if https == OfHttps(true) && self.protocol == "HTTP" {
            return Err(refused("HTTPS requests can't be redirected to HTTP"));
        }
        let same = self.protocol == "#{protocol}"
            && self.host == "#{host}"
            && self.port == "#{port}"
            && self.path == "/#{path}";
        if same { Err(refused("The redirect configuration is not valid because it creates a loop.")) } else { Ok(()) }
    }

    pub(super) fn view(&self) -> Value {
        json!({
            "StatusCode": format!("HTTP_{}", self.status),
            "Protocol": self.protocol,
            "Host": self.host,
            "Port": self.port,
            "Path": self.path,
            "Query": self.query,
        })
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// The URL that a request is sent on to. The port always stands in it, as the real load balancer writes it.
    pub(super) fn location(&self, of: &Parts<'_>) -> String {
        let fill = |text: &str| {
            text.replace("#{protocol}", of.protocol)
                .replace("#{host}", of.host)
                .replace("#{port}", &of.port.to_string())
                .replace("#{path}", of.path.trim_start_matches('/'))
                .replace("#{query}", of.query)
        };
        let query = fill(&self.query);
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let protocol = fill(&self.protocol).to_ascii_lowercase();
        format!("{protocol}://{}:{}{}{query}", fill(&self.host), fill(&self.port), fill(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_keeps_the_parts_that_it_does_not_name() {
        let of = Parts { protocol: "HTTP", host: "example.com", port: 80, path: "/a/b", query: "c=d" };
        let cases = [
            (json!({"Protocol": "HTTPS", "Port": "443"}), "https://example.com:443/a/b?c=d"),
            (json!({"Host": "www.#{host}"}), "http://www.example.com:80/a/b?c=d"),
            (json!({"Path": "/new/#{path}", "Query": "#{query}&e=f"}), "http://example.com:80/new/a/b?c=d&e=f"),
        ];
        for (mut configuration, location) in cases {
            configuration["StatusCode"] = json!("HTTP_301");
            let redirect = Redirect::read(&configuration, OfHttps(false)).unwrap();
            assert_eq!(redirect.location(&of), location);
        }
    }

    #[test]
    fn a_redirect_that_leads_nowhere_else_is_refused() {
        let cases = [
            (json!({"StatusCode": "HTTP_301"}), false, "InvalidLoadBalancerAction"),
            (json!({"StatusCode": "HTTP_301", "Query": "a=b"}), false, "InvalidLoadBalancerAction"),
            (json!({"StatusCode": "HTTP_301", "Protocol": "HTTP", "Port": "80"}), true, "InvalidLoadBalancerAction"),
            (json!({"StatusCode": "HTTP_303", "Port": "81"}), false, "ValidationError"),
            (json!({"StatusCode": "HTTP_301", "Port": "0"}), false, "ValidationError"),
            (json!({"StatusCode": "HTTP_301", "Path": "a"}), false, "ValidationError"),
        ];
        for (configuration, https, code) in cases {
            assert_eq!(Redirect::read(&configuration, OfHttps(https)).unwrap_err().code, code, "{configuration}");
        }
    }
}
