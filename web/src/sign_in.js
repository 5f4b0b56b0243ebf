// Passkeys: asks the browser for one, sends its answer, says in words when that did not work.
import "./sign_in.css";

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
const said = document.querySelector("[data-passkey-said]");

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => {
  let signs = "";
  for (const one of new Uint8Array(buffer)) signs += String.fromCharCode(one);
  return btoa(signs).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};
const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function post(address, content) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": csrf },
    body: content === undefined ? undefined : JSON.stringify(content),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function asked(options) {
  const given = { ...options, challenge: bytes(options.challenge) };
  if (options.user) given.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) given.allowCredentials = known(options.allowCredentials);
  if (options.excludeCredentials) given.excludeCredentials = known(options.excludeCredentials);
  return given;
}

function answered(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

async function through(button, work) {
  if (said) said.textContent = "";
  button.disabled = true;
  try {
    location.assign((await work()).to);
  } catch {
    // refused here, there, or by the person: one sentence for all
    if (said) said.textContent = button.dataset.failed;
    button.disabled = false;
  }
}

function prepare(button, work) {
  if (!button) return;
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    button.title = button.dataset.absent;
    return;
  }
  button.addEventListener("click", () => through(button, work));
}

const enter = document.querySelector("[data-passkey]");
prepare(enter, async () => {
  const options = await post(`${enter.dataset.passkey}/begin`);
  const credential = await navigator.credentials.get({ publicKey: asked(options) });
  return post(enter.dataset.passkey, answered(credential));
});

const add = document.querySelector("[data-passkey-add]");
prepare(add, async () => {
  const options = await post(`${add.dataset.passkeyAdd}/begin`);
  const credential = await navigator.credentials.create({ publicKey: asked(options) });
  const name = document.querySelector("[data-passkey-name]")?.value ?? "";
  return post(add.dataset.passkeyAdd, { answer: answered(credential), name });
});
