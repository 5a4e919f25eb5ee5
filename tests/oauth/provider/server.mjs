// A certified OpenID provider on the loopback. Its clients and people are made for the tests; it counts what it is asked.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const options = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${options.port}`;
const counts = {};
const grants = new Set();

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "panzoto",
      client_secret: "a-secret+of/the client, that must be escaped",
      application_type: "native", // which may have an app's own scheme beside our address
      redirect_uris: options.redirect_uris,
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
    },
    {
      client_id: "app",
      application_type: "native",
      redirect_uris: ["panzoto.app:/native"],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
    },
  ],
  scopes: ["openid", "offline_access", "email", "profile"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  async findAccount(ctx, id) {
    const verified = !id.startsWith("unverified");
    return { accountId: id, claims: async () => ({ sub: id, email: `${id}@people.example`, email_verified: verified, name: `The ${id}` }) };
  },
  features: { devInteractions: { enabled: true }, revocation: { enabled: true }, introspection: { enabled: true } },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: { AccessToken: () => options.seconds ?? 3600, IdToken: 3600, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 3600 },
  jwks: { keys: [options.jwk] },
  cookies: { keys: ["tests"] },
});
provider.on("server_error", (ctx, error) => console.error(error));
provider.on("grant.revoked", (ctx, id) => grants.add(id));

const callback = provider.callback();
createServer(async (request, response) => {
  const path = new URL(request.url, issuer).pathname;
  if (path === "/counts") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...counts, revoked_grants: grants.size }));
    return;
  }
  counts[path] = (counts[path] ?? 0) + 1;
  callback(request, response);
}).listen(options.port, "127.0.0.1", () => console.log("ready"));
process.stdin.resume().on("end", () => process.exit(0));
