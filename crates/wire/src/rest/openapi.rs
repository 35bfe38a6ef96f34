//! OpenAPI 3.1 documents, made from declarations.
//!
//! Form: <https://spec.openapis.org/oas/v3.1.0>

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Access, Api, Endpoint, Param, Style};

/// A document under construction.
#[derive(Debug)]
pub struct Document {
    generator: SchemaGenerator,
    paths: Map<String, Value>,
}

impl Default for Document {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            generator: SchemaGenerator::new(settings),
            paths: Map::new(),
        }
    }
}

impl Document {
    /// Adds an endpoint.
    #[must_use]
    pub fn with<E>(mut self) -> Self
    where
        E: Endpoint<Reply: Described, Body: Described>,
    {
        let spec = E::SPEC;
        let error = self
            .generator
            .subschema_for::<<E::Api as Api>::Error>()
            .to_value();
        let mut parameters = Vec::new();
        for param in spec.path_parameters {
            parameters.push(self.parameter(param, "path"));
        }
        for param in spec.query {
            parameters.push(self.parameter(param, "query"));
        }
        let mut success = json!({ "description": reason(spec.success) });
        if let Some(content) = E::Reply::content(&mut self.generator) {
            success["content"] = content;
        }
        let mut responses = Map::new();
        responses.insert(spec.success.to_string(), success);
        for status in spec.errors {
            let response = json!({
                "description": reason(*status),
                "content": { "application/json": { "schema": error } },
            });
            responses.insert(status.to_string(), response);
        }
        let mut operation = json!({
            "operationId": spec.id,
            "summary": spec.summary(),
            "responses": responses,
        });
        if !parameters.is_empty() {
            operation["parameters"] = Value::Array(parameters);
        }
        if let Some(content) = E::Body::content(&mut self.generator) {
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        if let Some(link) = spec.link() {
            operation["externalDocs"] = json!({ "url": link });
        }
        operation["security"] = match spec.access {
            Access::Open => json!([]),
            Access::Scope(scope) => E::Api::SCHEMES
                .iter()
                .map(|scheme| json!({ scheme.name(): [scope] }))
                .collect(),
        };
        // OpenAPI has no form for a parameter that takes all that is left.
        let path = spec.path.replace("{*", "{");
        let methods = self.paths.entry(path).or_insert_with(|| json!({}));
        methods[spec.method.to_ascii_lowercase()] = operation;
        self
    }

    /// The document.
    #[must_use]
    pub fn finish<A: Api>(mut self) -> Value {
        let schemes: Map<String, Value> = A::SCHEMES
            .iter()
            .map(|scheme| {
                let name = scheme.name();
                (name.to_owned(), json!({ "type": "http", "scheme": name }))
            })
            .collect();
        json!({
            "openapi": "3.1.0",
            "info": { "title": A::INFO.title, "version": A::INFO.version },
            "externalDocs": { "url": A::INFO.spec },
            "paths": self.paths,
            "components": {
                "schemas": self.generator.take_definitions(true),
                "securitySchemes": schemes,
            },
        })
    }

    fn parameter(&mut self, param: &Param, place: &str) -> Value {
        let mut schema = (param.schema)(&mut self.generator).to_value();
        let optional = schema
            .get("type")
            .and_then(Value::as_array)
            .is_some_and(|types| types.iter().any(|kind| kind == "null"));
        if let Some(bounds) = param.bounds {
            let kind = schema.get("type").map(Value::to_string).unwrap_or_default();
            let names = if kind.contains("array") {
                ("minItems", "maxItems")
            } else if kind.contains("string") {
                ("minLength", "maxLength")
            } else {
                ("minimum", "maximum")
            };
            schema[names.0] = bounds.least.into();
            schema[names.1] = bounds.most.into();
        }
        let many = matches!(param.style, Style::List | Style::Repeated | Style::Prefix);
        let docs: Vec<&str> = param.docs.iter().map(|line| line.trim()).collect();
        let mut out = json!({
            "name": param.name,
            "in": place,
            "required": place == "path" || !(optional || many),
            "description": docs.join(" "),
        });
        if param.style == Style::Json {
            out["content"] = json!({ "application/json": { "schema": schema } });
        } else {
            out["schema"] = schema;
        }
        if many {
            out["style"] = "form".into();
            out["explode"] = (param.style != Style::List).into();
        }
        out
    }
}

/// The `content` of a body or an answer.
pub trait Described {
    /// By media type; `None` where there is none.
    fn content(generator: &mut SchemaGenerator) -> Option<Value>;
}

fn json_content<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Option<Value> {
    let schema = generator.subschema_for::<T>().to_value();
    Some(json!({ "application/json": { "schema": schema } }))
}

impl<T: schemars::JsonSchema> Described for crate::shape::One<T> {
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        json_content::<T>(generator)
    }
}

impl<T: schemars::JsonSchema> Described for crate::shape::Json<T> {
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        json_content::<T>(generator)
    }
}

impl<T: schemars::JsonSchema> Described for crate::shape::Many<T> {
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        let schema = generator.subschema_for::<T>().to_value();
        Some(json!({ "application/x-ndjson": { "schema": schema } }))
    }
}

impl Described for crate::shape::Nothing {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        None
    }
}

impl Described for crate::shape::NoBody {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        None
    }
}

impl Described for crate::shape::Bytes {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        Some(json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } }))
    }
}

impl Described for crate::shape::RawBody {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        Some(json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } }))
    }
}

impl Described for crate::shape::Files {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        Some(json!({ "multipart/form-data": { "schema": { "type": "object" } } }))
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "Success",
        202 => "Accepted",
        204 => "Success without content",
        400 => "Bad request",
        401 => "Access token is missing or invalid",
        403 => "Not allowed",
        404 => "Not found",
        409 => "Conflict",
        429 => "Too many requests",
        500 => "Internal server error",
        _ => "Other answer",
    }
}
