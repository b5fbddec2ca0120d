# What people write today: a session of requests, csv, a day after the other, a page after the other.
import csv
import datetime
import sys

import requests

base, tenant, token, first, days, out = sys.argv[1:]
session = requests.Session()
session.auth = (tenant, token)
day = datetime.datetime.fromisoformat(first)
records = 0
with open(out, "w", newline="") as file:
    writer = csv.writer(file)
    for _ in range(int(days)):
        after = day + datetime.timedelta(days=1)
        window = f"{day:%Y-%m-%dT%H:%M:%SZ},{after:%Y-%m-%dT%H:%M:%SZ}"
        n = 1
        while True:
            answer = session.get(base + "/api/recordings/files.csv", params={"d": window, "n": n})
            answer.raise_for_status()
            rows = list(csv.reader(answer.text.splitlines()))
            if records == 0:
                writer.writerow(rows[0])
            writer.writerows(rows[1:])
            records += len(rows) - 1
            if len(rows) <= 50:
                break
            n += 50
        day = after
print(records)
