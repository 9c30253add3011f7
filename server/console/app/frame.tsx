import { type ReactNode, useEffect, useState } from 'react';
import { Button, PageLink } from '../ui/button.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { BackupBanner } from './backup-banner.tsx';
import { DeputyBanner } from './deputy-banner.tsx';
import { DueBanner } from './due-banner.tsx';
import { goTo, useAddress } from './router.ts';
import { PAGES } from './routes.tsx';
import { useGate, useSigned } from './session.tsx';
import { stationName, words } from './words.ts';

/** Around the pages that need nobody who is logged in. */
export function GateFrame(props: { readonly children: ReactNode }) {
  const { setup } = useGate();
  return (
    <div className="gate">
      <header className="top">
        <span className="station">{setup === undefined ? '' : stationName(setup.station)}</span>
      </header>
      <main>{props.children}</main>
      <footer className="foot">{words.product}</footer>
    </div>
  );
}

/** Around all others: the name of the own station, who is logged in, and where one may go. */
export function Frame(props: { readonly children: ReactNode }) {
  const { session, may, logOut, stations, areasChanged, areasError } = useSigned();
  const station = stations.length === 0 ? '' : stationName(...stations);
  const { pathname } = useAddress();
  const [open, setOpen] = useState(false);
  const pages = PAGES.filter(({ needs }) => needs === null || needs.some((one) => may(one)));
  const here = pathname === '/' ? pages[0] : pages.find(({ path }) => path === pathname);

  useEffect(() => {
    if (station !== '') document.title = station;
  }, [station]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu of a phone
  useEffect(() => setOpen(false), [pathname]);

  return (
    <div className="frame">
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <header className="top">
        <span className="station">{station}</span>
        <span>{session.account.displayName}</span>
      </header>
      <div className="side">
        <button
          type="button"
          className="button menu-button"
          aria-expanded={open}
          aria-controls="pages"
          onClick={() => setOpen(!open)}
        >
          <span>{here === undefined ? words.menu : words.nav[here.name]}</span>
          <span aria-hidden="true">{open ? '▴' : '▾'}</span>
        </button>
        <nav id="pages" aria-label={words.menu} className={open ? '' : 'closed'}>
          {pages.map(({ path, name }) => (
            <PageLink key={path} to={path} current={path === here?.path}>
              {words.nav[name]}
            </PageLink>
          ))}
          <Button
            weight="quiet"
            onPress={() => {
              // Where the controller did not hear it, the page that follows says so.
              void logOut().catch(() => undefined);
              goTo('/');
            }}
          >
            {words.logOut}
          </Button>
        </nav>
      </div>
      <main id="main" tabIndex={-1}>
        <DeputyBanner />
        <DueBanner />
        <BackupBanner />
        <ErrorNotice error={areasError} onRetry={areasChanged} />
        {props.children}
      </main>
      <footer className="foot">{words.product}</footer>
    </div>
  );
}
