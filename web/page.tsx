/** The dashboard's page. */
import { render } from 'preact';
import { Frame } from './frame.tsx';
import { listenForKeys } from './keys.tsx';
import { listen } from './live.ts';
import './page.css';
import './hands-on.css';
import './molecules.css';
import './overview.css';
import { applyTheme } from './theme.ts';

applyTheme();
listenForKeys();
listen();
render(<Frame />, document.body);
