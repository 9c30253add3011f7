import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import './ui/base.css';
import './ui/controls.css';
import './ui/parts.css';
import './ui/tables.css';
import './ui/storage.css';
import './ui/tree.css';
import './ui/print.css';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no place for the console');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
