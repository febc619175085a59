import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/client.ts';
import { signIn } from '../live/session.ts';

/** Asks for a token, where the service is open to more than its own host. */
export function SignIn() {
  const input = useRef<HTMLInputElement>(null);
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    document.title = 'Sign in · bitkiln';
    input.current!.focus();
  }, []);
  const submit = async () => {
    setBusy(true);
    try {
      await signIn(token.trim());
    } catch (reason) {
      setError(toApiError(reason));
      setBusy(false);
      input.current?.select();
    }
  };
  return (
    <form
      class="panel sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h1>Sign in</h1>
      <p class="small dim">
        This service asks for a token. On its host, <code>npx bitkiln token create --role read</code> makes
        one that may look; with <code>submit</code> it may also start experiments, with <code>admin</code>{' '}
        delete them.
      </p>
      <label class="field-label" for="token">
        Token
      </label>
      <input
        ref={input}
        id="token"
        class="input mono"
        type="password"
        autocomplete="current-password"
        placeholder="bitkiln_…"
        value={token}
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : 'token-fault'}
        onInput={(event) => {
          setToken(event.currentTarget.value);
          setError(null);
        }}
      />
      {error !== null && (
        <p class="field-fault" id="token-fault" role="alert">
          {error.title}: {error.message}
        </p>
      )}
      <button type="submit" class="button primary" disabled={busy || token.trim() === ''}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
