package reconcile

import "testing"

func TestAMissingPermissionIsNamed(t *testing.T) {
	d := &decider{world: &world{Facts: Facts{Lacks: map[string][]string{"delete": {"individual-delete", "individual-get"}}}}}
	for kind, want := range map[ActionKind]string{
		ActDelete: "; it lacks individual-delete, individual-get", ActDestroyTwin: "; it lacks individual-delete, individual-get", ActPark: "",
	} {
		if got := d.lacking(kind); got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
}
