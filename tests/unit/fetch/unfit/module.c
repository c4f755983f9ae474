/*
 * module.c - a library of the right name and nothing that we look for in it.
 */
int mesh_fetch_module_0(void);

__attribute__((visibility("default"))) int mesh_fetch_module_0(void)
{
    return 0;
}
