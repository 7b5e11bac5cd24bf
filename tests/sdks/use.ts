// A client made of the document, as a merchant's back end in TypeScript uses it: it compiles in strict mode, so each name
// and type is the document's, and it does its work against the running service.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Conversion = components["schemas"]["Conversion"];

const client = createClient<paths, "application/json">({
  baseUrl: process.env["API"] ?? "",
  headers: { Authorization: `Bearer ${process.env["KEY"]}`, Prefer: "wait=4" },
});

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

const entered = await client.POST("/api/v1/affiliates", {
  body: { email: "typescript@example.com", referral_code: "TYPES", commission: "25%" },
});
if (entered.error) fail(entered.error.error.message);
const success: true = entered.data.success;
const affiliate = entered.data.data;

const sold = await client.POST("/api/v1/conversions", {
  body: { amount: 49.99, email: "ann@types.example", referral_code: affiliate.referral_code, reference: "types-1" },
});
if (sold.error) fail(sold.error.error.message);
const sale: Conversion = sold.data.data;
const method: "api" | undefined = sale.attribution?.method === "api" ? "api" : undefined;
if (!success || sale.value !== 12.5 || sale.affiliate_id !== affiliate.id || sale.source !== "api" || !method) {
  fail(JSON.stringify(sale));
}

const listed = await client.GET("/api/v1/conversions", {
  params: { query: { affiliate_id: affiliate.id, status: "attributed" } },
});
if (listed.error) fail(listed.error.error.message);
if (listed.data.pagination.total !== 1 || listed.data.data[0]?.id !== sale.id) fail(JSON.stringify(listed.data));

const told = await client.GET("/api/v1/conversions/{id}/explanation", { params: { path: { id: sale.id } } });
if (told.error) fail(told.error.error.message);
const won = told.data.data.rules.find((rule) => rule.verdict === "won");
if (won?.kind !== "affiliate") fail(JSON.stringify(told.data));

const missing = await client.GET("/api/v1/affiliates/{email}", { params: { path: { email: "nobody@example.com" } } });
if (missing.error?.error.code !== "not_found") fail(JSON.stringify(missing));
console.log("used by TypeScript");
