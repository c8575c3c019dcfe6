# graphite-web behind a small server on the loopback. Run by graphite-server.ts in a folder with peer_settings.py. First argument: a port;
# standard input: JSON of series by name, each a list of [value, Unix seconds]; a name with `;` is tagged.
import json
import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

sys.path.insert(0, os.getcwd())
os.environ['DJANGO_SETTINGS_MODULE'] = 'graphite.settings'
os.environ['GRAPHITE_SETTINGS_MODULE'] = 'peer_settings'

import django  # noqa: E402
import whisper  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from graphite.storage import STORE  # noqa: E402
from graphite.tags.utils import TaggedSeries  # noqa: E402

STEP_S = int(sys.argv[2])
KEPT_POINTS = 1000


def path_of(name):
    if ';' not in name:
        return name.replace('.', os.sep)
    # Its tags come back in the order in which they are kept.
    return TaggedSeries.encode(STORE.tagdb.tag_series(name), sep=os.sep)


call_command('migrate', 'tags', verbosity=0)
for name, points in json.load(sys.stdin).items():
    path = os.path.join(settings.WHISPER_DIR, path_of(name) + '.wsp')
    os.makedirs(os.path.dirname(path), exist_ok=True)
    # Whisper keeps no point that is older than its archive, and counts from now.
    whisper.create(path, [(STEP_S, KEPT_POINTS)])
    whisper.update_many(path, [(time_s, value) for value, time_s in points])


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


make_server('127.0.0.1', int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet).serve_forever()
