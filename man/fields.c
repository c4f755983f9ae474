/*
 * fields.c - every row of every schema table, for the manual: tab-separated.
 *
 * A build tool, not installed. scripts/update-docs turns its lines into
 * mesh-policy(5) and docs/fields.md; it has no opinion about them.
 */
#include "schema/schema.h"

#include <stdio.h>

static void print_row(void *user, const struct mesh_field_row *row)
{
    (void)user;
    printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row->kind, row->path, row->type,
           row->required ? "required" : "", row->default_value, row->bounds,
           mesh__field_status_name(row->status), row->reason);
}

int main(void)
{
    mesh__schema_rows(print_row, NULL);
    return fflush(stdout) != 0;
}
