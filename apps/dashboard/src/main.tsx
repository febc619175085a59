import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/charts.css';
import './styles/pages.css';
import 'uplot/dist/uPlot.min.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { readSession } from './live/session.ts';
import { startRouter } from './router/router.ts';

startRouter();
void readSession();
render(<App />, document.getElementById('app')!);
