// A certified OpenID Provider (npm oidc-provider) on loopback, in memory, with headless login and consent.
//
// It prints one line, {"issuer": ...}, when it listens, and ends when its stdin closes. Everything else that it has to
// say goes to stderr. Its keys are drawn anew at each start, those that are no RSA keys also whenever somebody asks for
// /test/rotate; their names are their thumbprints. From the environment:
//   PORT         the port; one that is free unless given
//   CLIENT_JWKS  the public keys of those clients that sign and decrypt, a JWK Set
//   CLIENT_CERT  the certificate of those clients that show one, PEM
import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import { generateKeyPair, exportJWK, createLocalJWKSet, jwtVerify } from 'jose'

console.log = console.info = console.error // stdout is for the one line
const { Provider, errors } = await import('oidc-provider')

const grants = {
  device: 'urn:ietf:params:oauth:grant-type:device_code',
  exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
}
const signatures = ['RS256', 'PS256', 'ES256', 'Ed25519', 'HS256'] // of ID tokens and UserInfo
const CERTIFICATE = 'x-test-client-cert' // header: the base64 DER of what a TLS handshake would have shown
const WANT_NONCE = 'x-test-require-dpop-nonce' // header: "1" where a DPoP proof has to have a nonce
const REDIRECT = 'https://rp.example/cb' // nobody is there: the browser stops before it
const BACK_CHANNEL = 'https://rp.example/back-channel' // nobody either, until /test/back-channel?URL says who is

const server = createServer({ keepAliveTimeout: 60_000 })
await new Promise((ready) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', ready))
const issuer = `http://127.0.0.1:${server.address().port}`

async function drawn(alg, use = 'sig') {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, use }
}

const clientJwks = JSON.parse(process.env.CLIENT_JWKS ?? '{"keys":[]}')
const certificate = process.env.CLIENT_CERT && new X509Certificate(process.env.CLIENT_CERT)
const certificateJwk = certificate && {
  ...certificate.publicKey.export({ format: 'jwk' }),
  x5c: [certificate.raw.toString('base64')],
}

const sealed = (what) => ({
  [`${what}_encrypted_response_alg`]: 'ECDH-ES',
  [`${what}_encrypted_response_enc`]: 'A256GCM',
})
const login = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: [REDIRECT],
}
const clients = [
  {
    ...login,
    client_id: 'public-native',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/cb'],
    token_endpoint_auth_method: 'none',
  },
  {
    ...login,
    client_id: 'web-basic',
    client_secret: 'a:b/c+d %~e',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [...login.grant_types, 'client_credentials', 'implicit', ...Object.values(grants)],
    response_types: ['code', 'code id_token'],
    authorization_details_types: ['payment'],
    post_logout_redirect_uris: ['https://rp.example/bye'],
  },
  {
    ...login,
    client_id: 'web-post',
    client_secret: 'secret-post-secret-post-secret-post!',
    token_endpoint_auth_method: 'client_secret_post',
  },
  {
    ...login,
    client_id: 'csjwt',
    client_secret: 'a-shared-secret-of-at-least-32-bytes!!',
    token_endpoint_auth_method: 'client_secret_jwt',
  },
  {
    ...login,
    client_id: 'pkjwt',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: clientJwks,
    grant_types: [...login.grant_types, 'client_credentials'],
  },
  ...signatures.map((alg) => ({
    ...login,
    client_id: `signed-${alg}`,
    client_secret: 'a-shared-secret-of-at-least-32-bytes!!',
    id_token_signed_response_alg: alg,
    userinfo_signed_response_alg: alg,
  })),
  {
    ...login,
    client_id: 'sealed',
    client_secret: 'se',
    jwks: clientJwks,
    ...sealed('id_token'),
    ...sealed('userinfo'),
    userinfo_signed_response_alg: 'RS256',
  },
  {
    ...login,
    client_id: 'mtls-self',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: certificateJwk ? [certificateJwk] : [] },
  },
  {
    ...login,
    client_id: 'mtls-ca',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=client.example',
  },
  // Those who want to be told of a logout: of the session, and of the user alone.
  {
    ...login,
    client_id: 'back-channel',
    client_secret: 'bc',
    backchannel_logout_uri: BACK_CHANNEL,
    backchannel_logout_session_required: true,
  },
  {
    ...login,
    client_id: 'back-channel-user',
    client_secret: 'bc',
    backchannel_logout_uri: BACK_CHANNEL,
    id_token_signed_response_alg: 'ES256',
  },
  { ...login, client_id: 'par-required', client_secret: 'par', require_pushed_authorization_requests: true },
  ...['', '-sealed'].map((sealing) => ({
    ...login,
    client_id: `jar-jarm${sealing}`,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: clientJwks,
    grant_types: [...login.grant_types, 'implicit'],
    response_types: ['code', 'code id_token'],
    require_signed_request_object: true,
    authorization_details_types: ['payment'],
    request_object_signing_alg: 'ES256',
    id_token_signed_response_alg: 'PS256',
    authorization_signed_response_alg: 'PS256',
    ...(sealing && sealed('authorization')),
  })),
  // One whose tokens are bound to a key.
  {
    ...login,
    client_id: 'dpop-bound',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/cb'],
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
  },
  // Resource servers, which only ask about tokens; one of them wants to be the only one who reads the answer.
  ...['', '-sealed'].map((sealing) => ({
    client_id: `rs${sealing}`,
    client_secret: 'rs',
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
    introspection_signed_response_alg: 'RS256',
    ...(sealing && { jwks: clientJwks, ...sealed('introspection') }),
  })),
]

// Two APIs that tokens can be for; every other one is refused.
function resourceServer(resource) {
  const signed = { accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'ES256' } } }
  if (resource === 'https://api.example/jwt') return { scope: 'api:read api:write', audience: resource, ...signed }
  if (resource === 'https://api.example/opaque') {
    return { scope: 'api:read', audience: resource, accessTokenFormat: 'opaque' }
  }
  throw new errors.InvalidTarget()
}

// As if TLS had been terminated in front of this server; only under /mtls does anybody ask for a certificate.
function shownCertificate(ctx) {
  const header = ctx.req.mtls && ctx.get(CERTIFICATE)
  return header ? new X509Certificate(Buffer.from(header, 'base64')) : undefined
}

const aliases = Object.entries({
  token_endpoint: '/token',
  userinfo_endpoint: '/me',
  introspection_endpoint: '/token/introspection',
  revocation_endpoint: '/token/revocation',
  device_authorization_endpoint: '/device/auth',
  pushed_authorization_request_endpoint: '/request',
})

const configuration = {
  clients,
  discovery: {
    mtls_endpoint_aliases: Object.fromEntries(aliases.map(([name, path]) => [name, `${issuer}/mtls${path}`])),
  },
  scopes: ['openid', 'offline_access', 'profile', 'email'],
  // Its own dispatcher refuses to reach a loopback address.
  fetch: (url, options) => (url === BACK_CHANNEL ? fetch(told, { ...options, dispatcher: undefined }) : fetch(url, options)),
  claims: { openid: ['sub', 'sid', 'auth_time', 'acr', 'amr'], profile: ['name'], email: ['email', 'email_verified'] },
  enabledJWA: {
    idTokenSigningAlgValues: signatures,
    userinfoSigningAlgValues: signatures,
    authorizationSigningAlgValues: signatures,
    requestObjectSigningAlgValues: ['ES256', 'PS256'],
  },
  acrValues: ['urn:test:pwd', 'urn:test:mfa'],
  clientAuthMethods: [
    'none',
    'client_secret_basic',
    'client_secret_post',
    'client_secret_jwt',
    'private_key_jwt',
    'tls_client_auth',
    'self_signed_tls_client_auth',
  ],
  responseTypes: ['code', 'code id_token'],
  cookies: { keys: ['for-tests-only'] },
  findAccount: (_ctx, sub) => ({
    accountId: sub,
    claims: async () => ({ sub, name: 'Alice', email: 'alice@example.com', email_verified: true }),
  }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' },
  extraTokenClaims: (ctx) => ctx.claimsOfGrant,
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 600,
    AuthorizationCode: 60,
    ClientCredentials: 600,
    DeviceCode: 300,
    Grant: 3600,
    IdToken: 600,
    Interaction: 300,
    RefreshToken: 3600,
    Session: 3600,
  },
  features: {
    devInteractions: { enabled: false },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: {
      enabled: true,
      nonceSecret: Buffer.alloc(32, 7),
      requireNonce: (ctx) => ctx.get(WANT_NONCE) === '1',
    },
    encryption: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    jwtIntrospection: { enabled: true },
    jwtResponseModes: { enabled: true },
    jwtUserinfo: { enabled: true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: shownCertificate,
      certificateAuthorized: (ctx) => shownCertificate(ctx)?.raw.equals(certificate.raw) === true,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_subject_dn' && shownCertificate(ctx).subject === expected,
    },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true, initialAccessToken: 'may-register' },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
    requestObjects: { enabled: true },
    richAuthorizationRequests: {
      enabled: true,
      types: { payment: { validate: async () => {} } },
      authorizationDetailsForGrantSource: (ctx) => ctx.oidc.grant?.rar,
      authorizationDetailsForAccessToken: (_ctx, _token, source) => source?.rar,
      authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
    },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: async () => false,
      defaultResource: async (_ctx, _client, oneOf) => oneOf,
      getResourceServerInfo: async (_ctx, resource) => resourceServer(resource),
    },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
}

// Token exchange (RFC 8693), which oidc-provider leaves to its user: a token for an API in place of one for userinfo.
async function exchange(ctx) {
  const { subject_token: subject, subject_token_type: type, resource } = ctx.oidc.params
  if (type !== 'urn:ietf:params:oauth:token-type:access_token') throw new errors.InvalidRequest('unknown subject_token_type')
  const given = subject && (await provider.AccessToken.find(subject))
  if (!given) throw new errors.InvalidRequest('unknown subject_token') // RFC 8693 section 2.2.2
  ctx.body = {
    ...(await issued(ctx, resource ?? 'https://api.example/jwt', { act: { sub: ctx.oidc.client.clientId } })),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }
}

// An assertion as a grant (RFC 7523 section 2.1), verified by jose.
async function bearer(ctx) {
  const { assertion, resource } = ctx.oidc.params
  try {
    const { payload } = await jwtVerify(assertion, createLocalJWKSet(clientJwks), {
      issuer: 'https://idp.example',
      audience: issuer,
      requiredClaims: ['sub', 'exp'],
    })
    ctx.body = await issued(ctx, resource ?? 'https://api.example/jwt', { for: payload.sub })
  } catch (error) {
    throw new errors.InvalidGrant(`assertion refused: ${error.message}`)
  }
}

async function issued(ctx, resource, claims) {
  ctx.claimsOfGrant = claims
  const token = new provider.ClientCredentials({ client: ctx.oidc.client, scope: 'api:read' })
  token.resourceServer = new provider.ResourceServer(resource, resourceServer(resource))
  const value = await token.save()
  return { access_token: value, token_type: 'Bearer', expires_in: token.expiration, scope: token.scope }
}

// The user: signs in as login_hint says, or as alice, and agrees to everything; login_hint=deny agrees to nothing.
async function interact(ctx) {
  const { prompt, params, grantId, session } = await provider.interactionDetails(ctx.req, ctx.res)
  const finish = (result, mergeWithLastSubmission = false) =>
    provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission })
  if (params.login_hint === 'deny') return finish({ error: 'access_denied', error_description: 'the user said no' })
  if (prompt.name === 'login') {
    const acr = params.acr_values?.split(' ')[0] ?? 'urn:test:pwd'
    return finish({ login: { accountId: params.login_hint ?? 'alice', acr, amr: ['pwd'] } })
  }
  const found = grantId && (await provider.Grant.find(grantId))
  const grant = found || new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes, rar } = prompt.details
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '))
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims)
  for (const [resource, scope] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scope.join(' '))
  }
  for (const detail of rar ?? []) grant.addRar(detail)
  return finish({ consent: { grantId: await grant.save() } }, true)
}

const exchanged = ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type']
const several = ['resource', 'audience']
let provider, answer, told

// It costs to draw these, so they stay.
const rsaKeys = [...(await Promise.all(['RS256', 'PS256'].map((alg) => drawn(alg)))), await drawn('RSA-OAEP-256', 'enc')]

// With other keys; what the one before has stored, sessions and tokens, is known to the next one as well.
async function startProvider() {
  const keys = [...rsaKeys, ...(await Promise.all(['ES256', 'Ed25519'].map((alg) => drawn(alg))))]
  provider = new Provider(issuer, { ...configuration, jwks: { keys } })
  provider.registerGrantType(grants.exchange, exchange, [...exchanged, ...several, 'scope'], several)
  provider.registerGrantType(grants.bearer, bearer, ['assertion', 'scope', 'resource'])
  provider.use((ctx, next) => (/^\/interaction\/[^/]+$/.test(ctx.path) ? interact(ctx) : next()))
  provider.on('server_error', (_ctx, error) => console.error(error))
  provider.on('backchannel.error', (_ctx, error) => console.error(error))
  answer = provider.callback()
}

await startProvider()
server.on('request', async (request, response) => {
  if (request.url === '/test/rotate') {
    await startProvider()
    response.end('rotated')
    return
  }
  if (request.url.startsWith('/test/back-channel?')) {
    told = request.url.slice('/test/back-channel?'.length)
    response.end('noted')
    return
  }
  request.mtls = request.url.startsWith('/mtls/')
  if (request.mtls) request.url = request.url.slice('/mtls'.length)
  answer(request, response)
})
process.stdin.on('end', () => process.exit(0)).resume()
process.stdout.write(`${JSON.stringify({ issuer })}\n`)
