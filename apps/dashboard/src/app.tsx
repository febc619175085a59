import { lazy, Suspense } from 'preact/compat';
import { readSession, session, sessionError } from './live/session.ts';
import { ExperimentPage } from './pages/experiment/experiment-page.tsx';
import { ExperimentsPage } from './pages/experiments/experiments-page.tsx';
import { FleetPage } from './pages/fleet/fleet-page.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { links, path } from './router/router.ts';
import { Empty, Failure, Loading } from './ui/parts.tsx';
import { Shell } from './ui/shell.tsx';

// The engine and the form are needed later than the first look.
const WinnerPage = lazy(() => import('./pages/winner/winner-page.tsx'));
const TrialPage = lazy(() => import('./pages/trial/trial-page.tsx'));
const NewExperimentPage = lazy(() => import('./pages/new/new-experiment-page.tsx'));

export function App() {
  return (
    <Shell>
      <Gate />
    </Shell>
  );
}

/** The page asked for, where the caller may see it. */
function Gate() {
  if (session.value === null) {
    const error = sessionError.value;
    return error === null ? <Loading height={320} /> : <Failure error={error} retry={readSession} />;
  }
  if (session.value.role === null) return <SignIn />;
  return <Suspense fallback={<Loading height={320} />}>{route(path.value)}</Suspense>;
}

function route(pathname: string) {
  if (pathname === links.experiments) return <ExperimentsPage />;
  if (pathname === links.fleet) return <FleetPage />;
  if (pathname === links.newExperiment) return <NewExperimentPage />;
  const [, id, rest] = pathname.match(/^\/ui\/experiments\/([\w-]+)(\/winner)?$/) ?? [];
  if (id !== undefined)
    return rest === undefined ? <ExperimentPage key={id} id={id} /> : <WinnerPage key={id} id={id} />;
  const [, trialId] = pathname.match(/^\/ui\/trials\/([\w-]+)$/) ?? [];
  if (trialId !== undefined) return <TrialPage key={trialId} id={trialId} />;
  return (
    <Empty title="There is no such page">
      <p>
        <a href={links.experiments}>All experiments</a>
      </p>
    </Empty>
  );
}
