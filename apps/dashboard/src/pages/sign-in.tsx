import { useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/client.ts';
import { signIn } from '../live/session.ts';

/** Asks for a token, where the service is open to more than its own host. */
export function SignIn() {
  const [token, setToken] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const submit = () => signIn(token.trim()).catch((reason) => setError(toApiError(reason)));
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
        one.
      </p>
      <label class="field-label" for="token">
        Token
      </label>
      <input
        id="token"
        class="input mono"
        type="password"
        autocomplete="current-password"
        value={token}
        aria-invalid={error !== null}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      {error !== null && (
        <p class="field-fault" role="alert">
          {error.message}
        </p>
      )}
      <button type="submit" class="button primary" disabled={token.trim() === ''}>
        Sign in
      </button>
    </form>
  );
}
