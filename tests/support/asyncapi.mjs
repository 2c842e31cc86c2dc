// Checks an AsyncAPI document with the specification's own parser: node tests/support/asyncapi.mjs FILE
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const found of diagnostics) console.error(`${found.path.join(".")}: ${found.message} (${found.code})`);
process.exit(document && diagnostics.length === 0 ? 0 : 1);
