import { lazy, Suspense, useEffect } from 'react';
import { ErrorNotice, Waiting } from '../ui/notice.tsx';
import { Frame, GateFrame } from './frame.tsx';
import { LeftOpen } from './left-open.tsx';
import { goTo, useAddress } from './router.ts';
import { NotFound, Routes } from './routes.tsx';
import { GateProvider, SignedProvider, useGate } from './session.tsx';
import { stationName } from './words.ts';

const SetupPage = lazy(() => import('../pages/setup/setup-page.tsx'));
const LoginPage = lazy(() => import('../pages/login/login-page.tsx'));
const LinkPage = lazy(() => import('../pages/link/link-page.tsx'));
const SecondFactorGate = lazy(() => import('../pages/second-factor/second-factor-gate.tsx'));

/** Pages that a one-time link opens, whoever is logged in. */
const LINKS = ['/welcome', '/reset', '/pair'];

export function App() {
  return (
    <GateProvider>
      <Suspense fallback={<Waiting />}>
        <Doors />
      </Suspense>
    </GateProvider>
  );
}

/** Which door stands open: first setup, a link, logging in, the second factor; behind them the pages. */
function Doors() {
  const { setup, session, error, leaving, again } = useGate();
  const { pathname } = useAddress();
  const station = setup?.station;
  const signedIn = session != null && session.state === 'open';
  useEffect(() => {
    if (station !== undefined && !signedIn) document.title = stationName(station);
  }, [station, signedIn]);
  if (setup === undefined || session === undefined)
    return error === undefined ? (
      <Waiting />
    ) : (
      <main>
        <ErrorNotice error={error} onRetry={again} />
      </main>
    );

  if (pathname === '/setup' && !signedIn)
    return (
      <GateFrame>
        <SetupPage />
      </GateFrame>
    );
  if (LINKS.includes(pathname))
    return (
      <GateFrame>
        <LinkPage />
      </GateFrame>
    );
  if (session === null && leaving !== null)
    return <GateFrame>{leaving === 'asked' ? <Waiting /> : <LeftOpen />}</GateFrame>;
  if (session === null)
    return (
      <GateFrame>
        <LoginPage />
      </GateFrame>
    );
  if (session.state !== 'open')
    return (
      <GateFrame>
        <SecondFactorGate session={session} />
      </GateFrame>
    );
  return (
    <SignedProvider session={session}>
      <Frame>
        {pathname === '/setup' ? <Elsewhere to="/" /> : <Routes path={pathname} missing={<NotFound />} />}
      </Frame>
    </SignedProvider>
  );
}

/** Goes on to another page. */
export function Elsewhere(props: { readonly to: string }) {
  useEffect(() => goTo(props.to, { replace: true }), [props.to]);
  return null;
}
