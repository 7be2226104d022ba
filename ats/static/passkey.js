// Passkeys: asks the browser for one, and sends with the form what it answers.
// Forms with data-passkey are hidden where there is no script, and no use without one.

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const withBytes = (list) => list?.map((each) => ({ ...each, id: toBytes(each.id) }));

// What the server sends is JSON, where bytes are base64url (WebAuthn Level 3, 5.1.8).
function ready(options) {
  const { challenge, user, excludeCredentials, allowCredentials, ...rest } = options.publicKey;
  const found = { ...rest, challenge: toBytes(challenge) };
  if (user) found.user = { ...user, id: toBytes(user.id) };
  if (excludeCredentials) found.excludeCredentials = withBytes(excludeCredentials);
  if (allowCredentials) found.allowCredentials = withBytes(allowCredentials);
  return { publicKey: found };
}

function sendable(credential) {
  const response = {};
  for (const name of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

async function optionsFor(form) {
  if (!form.dataset.fetch) {
    return JSON.parse(document.querySelector("#passkey-options").textContent);
  }
  const response = await fetch(form.dataset.fetch, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

async function ask(form) {
  const failed = form.querySelector("[data-failed]");
  failed.hidden = true;
  try {
    const options = ready(await optionsFor(form));
    const credential = await navigator.credentials[form.dataset.passkey](options);
    form.elements.credential.value = JSON.stringify(sendable(credential));
    form.submit();
  } catch {
    failed.hidden = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (window.PublicKeyCredential) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  } else {
    for (const hint of document.querySelectorAll("[data-without-passkeys]")) hint.hidden = false;
  }
}
