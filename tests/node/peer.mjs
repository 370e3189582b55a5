// npm jose behind a pipe: one JSON request per line on stdin, one JSON answer per line on stdout, until stdin closes.
//
// Octets travel as base64 in both directions, keys as JWK objects with the algorithm they are imported for. What jose
// refuses is answered with {"error": {code, name, message}}. Members that a request leaves out are jose's defaults.
import { createInterface } from 'node:readline'
import * as jose from 'jose'

const octets = (text) => new Uint8Array(Buffer.from(text, 'base64'))
const base64 = (bytes) => bytes && Buffer.from(bytes).toString('base64')
const key = ({ jwk, alg }) => jose.importJWK(jwk, alg)

// Each setter may be called once only, and not with undefined.
function set(builder, values) {
  for (const [setter, value] of Object.entries(values)) if (value !== undefined) builder[setter](value)
  return builder
}

const jwsHeaders = (signer) => ({ setProtectedHeader: signer.protected, setUnprotectedHeader: signer.unprotected })

async function flattenedSign(payload, signer) {
  return set(new jose.FlattenedSign(payload), jwsHeaders(signer)).sign(await key(signer), { crit: signer.crit })
}

async function generalSign(payload, signers) {
  const jws = new jose.GeneralSign(payload)
  for (const signer of signers) {
    set(jws.addSignature(await key(signer), { crit: signer.crit }), jwsHeaders(signer))
  }
  return jws.sign()
}

async function compactSign(payload, signer) {
  const jws = new jose.CompactSign(payload).setProtectedHeader(signer.protected)
  return jws.sign(await key(signer), { crit: signer.crit })
}

// signers: [{ jwk, alg, protected, unprotected, crit }], one of them but in the general form.
async function sign({ form, payload, signers, detached = false }) {
  const bytes = octets(payload)
  const unencoded = signers[0].protected?.b64 === false
  // jose leaves an unencoded payload out, because only the caller knows how it travels.
  const carried = unencoded && !detached ? new TextDecoder().decode(bytes) : undefined
  if (form === 'compact') {
    // CompactSign refuses an unencoded payload, so that compact text is put together from the flattened form.
    if (unencoded) {
      const jws = await flattenedSign(bytes, signers[0])
      return { jws: `${jws.protected}.${carried ?? ''}.${jws.signature}` }
    }
    const [header, body, signature] = (await compactSign(bytes, signers[0])).split('.')
    return { jws: `${header}.${detached ? '' : body}.${signature}` }
  }
  const jws = form === 'general' ? await generalSign(bytes, signers) : await flattenedSign(bytes, signers[0])
  if (carried !== undefined) jws.payload = carried
  if (detached) delete jws.payload
  return { jws }
}

// A detached payload comes as `payload`, with b64: false where the header says so.
async function verify({ form, jws, jwk, alg, algorithms, payload, b64 = true, crit }) {
  const imported = await key({ jwk, alg })
  if (payload !== undefined) {
    // jose takes a payload only inside the JWS: as base64url text, or unencoded as bytes.
    const own = b64 ? jose.base64url.encode(octets(payload)) : octets(payload)
    if (form !== 'compact') {
      jws = { ...jws, payload: own }
    } else {
      const [header, , signature] = jws.split('.')
      if (b64) {
        jws = `${header}.${own}.${signature}`
      } else {
        // Bytes have no place in compact text.
        jws = { protected: header, payload: own, signature }
        form = 'flattened'
      }
    }
  }
  const read = { compact: jose.compactVerify, flattened: jose.flattenedVerify, general: jose.generalVerify }[form]
  const verified = await read(jws, imported, { algorithms, crit })
  return {
    payload: base64(verified.payload),
    protected: verified.protectedHeader,
    unprotected: verified.unprotectedHeader,
  }
}

// What goes into the agreement or derivation of one recipient's key.
function management({ apu, apv, p2c, p2s }) {
  const given = {}
  for (const [name, text] of Object.entries({ apu, apv, p2s })) if (text !== undefined) given[name] = octets(text)
  if (p2c !== undefined) given.p2c = p2c
  return Object.keys(given).length ? given : undefined
}

// recipients: [{ jwk, alg, header, apu, apv, p2c, p2s, crit }], one of them but in the general form.
async function encrypt({ form, plaintext, protected: header, unprotected, aad, recipients }) {
  const bytes = octets(plaintext)
  const shared = {
    setProtectedHeader: header,
    setSharedUnprotectedHeader: unprotected,
    setAdditionalAuthenticatedData: aad === undefined ? undefined : octets(aad),
  }
  const own = (recipient) => ({
    setUnprotectedHeader: recipient.header,
    setKeyManagementParameters: management(recipient),
  })
  if (form === 'general') {
    const jwe = set(new jose.GeneralEncrypt(bytes), shared)
    for (const recipient of recipients) {
      set(jwe.addRecipient(await key(recipient), { crit: recipient.crit }), own(recipient))
    }
    return { jwe: await jwe.encrypt() }
  }
  const [recipient] = recipients
  // A setter that the compact form lacks is an error of the request, as the header it sets has no place there.
  const jwe = form === 'compact' ? new jose.CompactEncrypt(bytes) : new jose.FlattenedEncrypt(bytes)
  set(jwe, { ...shared, ...own(recipient) })
  return { jwe: await jwe.encrypt(await key(recipient), { crit: recipient.crit }) }
}

// options: keyManagementAlgorithms, contentEncryptionAlgorithms, maxPBES2Count, maxDecompressedLength, crit.
async function decrypt({ form, jwe, jwk, alg, options }) {
  const read = { compact: jose.compactDecrypt, flattened: jose.flattenedDecrypt, general: jose.generalDecrypt }[form]
  const opened = await read(jwe, await key({ jwk, alg }), options)
  return {
    plaintext: base64(opened.plaintext),
    protected: opened.protectedHeader,
    unprotected: opened.sharedUnprotectedHeader,
    header: opened.unprotectedHeader,
    aad: base64(opened.additionalAuthenticatedData),
  }
}

// hash: "sha256", "sha384" or "sha512".
async function thumbprint({ jwk, hash }) {
  return {
    thumbprint: await jose.calculateJwkThumbprint(jwk, hash),
    uri: await jose.calculateJwkThumbprintUri(jwk, hash),
  }
}

// A new private key or secret, as jose exports it. options: crv or modulusLength.
async function generate({ alg, options }) {
  const secret = /^(HS|A\d)/.test(alg)
  const made = secret
    ? await jose.generateSecret(alg, { extractable: true })
    : (await jose.generateKeyPair(alg, { extractable: true, ...options })).privateKey
  return { jwk: await jose.exportJWK(made) }
}

const operations = { sign, verify, encrypt, decrypt, thumbprint, generate }

async function answer(line) {
  try {
    const { op, ...request } = JSON.parse(line)
    if (!Object.hasOwn(operations, op)) throw new TypeError(`no such operation: ${op}`)
    return await operations[op](request)
  } catch (error) {
    // The code of a DOMException is a number that says less than its name.
    const code = typeof error.code === 'string' ? error.code : error.name
    return { error: { code, name: error.name, message: error.message } }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`)
}
